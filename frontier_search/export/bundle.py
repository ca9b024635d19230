"""The folder of one exported model: C, a program that reads rows, and a certificate.

PREFIX.h, PREFIX.c    the model
main.c, Makefile      reads rows of numbers from standard input and writes the model's outputs
README.md             the interface
test_rows.npz         the test rows, what the reference gives for them, and what the model gave
test_rows.csv         of a table of one's own: the test rows as they are in the table
answers.csv           and what the program gives for them
certificate.json      what was checked, see ``export.certificate``
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Task
from frontier_search.export import source
from frontier_search.export.plan import Plan
from frontier_search.export.raw import program
from frontier_search.export.raw import source as raw_source
from frontier_search.files import read_arrays, write_arrays, write_whole
from frontier_search.table.preprocessing import Preprocessing

ROWS, CERTIFICATE = "test_rows.npz", "certificate.json"
RAW_ROWS, ANSWERS = "test_rows.csv", "answers.csv"

SEQUENCE = """
A row is a sequence of {steps} steps of {channels} numbers each: the oldest step first, and the
numbers of a step side by side. A shorter one is padded before its first step.
"""
SCALED = "scaled as the training rows of its seed were"

MAIN = """\
/* Reads rows of {row}, separated by commas, from standard input; a first line of names is
   skipped. Writes the outputs of each row. */
#include <stdio.h>
#include <stdlib.h>
#include "{prefix}.h"

int main(void)
{{
    static char line[1 << 16];
    float x[{guard}_INPUTS], y[{guard}_OUTPUTS];
    for (long number = 1; fgets(line, sizeof line, stdin); number++) {{
        char *at = line, *end;
        int i = 0;
        for (; i < {guard}_INPUTS; i++, at = end + (*end == ',')) {{
            x[i] = strtof(at, &end);
            if (end == at)
                break;
        }}
        if (i == 0 && number == 1)
            continue;
        if (i < {guard}_INPUTS) {{
            fprintf(stderr, "line %ld has %d numbers; {d} are needed\\n", number, i);
            return 1;
        }}
        {prefix}_outputs(x, y);
        for (i = 0; i < {guard}_OUTPUTS; i++)
            printf("%s%.9g", i ? "," : "", y[i]);
        printf("\\n");
    }}
    return 0;
}}
"""

MAKEFILE = """\
# -ffp-contract=off: a product and a sum are two roundings, as in the reference
CFLAGS = -std=c99 -Os -Wall -Wextra -ffp-contract=off

{prefix}: main.c {prefix}.c {prefix}.h
\t$(CC) $(CFLAGS) -o $@ main.c {prefix}.c
"""

README = """\
# {title}

```c
#include "{prefix}.h"

float x[{guard}_INPUTS], y[{guard}_OUTPUTS];   /* {d} in, {o} out */
{prefix}_outputs(x, y);                        /* {meaning} */
```

Add `{prefix}.h` and `{prefix}.c` to a project. They are C99, allocate nothing and need no library.
Compile with `-ffp-contract=off` to get the certified bits. A row is {scaling}.
{steps}
`make && ./{prefix} < rows.csv` writes the outputs of rows. `certificate.json` says what was
checked; `frontier-search verify .` checks it again, without the search.
"""


RAW_README = """\
# {title}

```c
#include "{prefix}.h"

{prefix}_row row;         /* the columns of the table: see {prefix}.h */
{call}
```

Add `{prefix}.h` and `{prefix}.c` to a project. They are C99, allocate nothing and need no library.
Compile with `-ffp-contract=off` to get the certified bits. A program that makes the inputs itself
calls `{prefix}_outputs`; the linker then leaves out what raw rows need.

`make && ./{prefix} < rows.csv` predicts raw rows: CSV with a line of names, columns in any order.
{chances}`certificate.json` says what was checked; `frontier-search verify .` checks it again,
without the search.
"""
RAW_CALL = {
    True: """float probabilities[{n}];
int number = {prefix}_predict(&row, probabilities);   /* {prefix}_classes[number]: its name */""",
    False: """{kind} answers[{n}];
{prefix}_predict(&row, answers);   /* in the unit of the table */""",
}


@dataclass(frozen=True)
class CheckedRows:
    """Rows that an exported model is checked on.

    Attributes:
        x: (n, d).
        reference: what the numpy reference gives, (n, o).
        trained: what the trained network gives, (n, o).
        raw: the same rows as they are in the user's own table, as CSV; None if there is none.
        answers: what the program for raw rows gives for them.
    """

    x: NDArray[np.float32]
    reference: NDArray[np.float32]
    trained: NDArray[np.float32]
    raw: str | None = None
    answers: str | None = None


def texts(
    plan: Plan,
    code: str,
    prefix: str,
    title: str,
    task: Task,
    preprocessing: Preprocessing | None = None,
    sequence: tuple[int, int] | None = None,
) -> dict[str, str]:
    """Returns the files of text, by name.

    Args:
        code: the source, of the plan or of its form in integers.
        preprocessing: of raw rows, as ``raw.scale.narrowed`` gives it; None if rows are inputs.
        sequence: (steps, numbers of a step) of a row that is one.
    """
    steps = SEQUENCE.format(steps=sequence[0], channels=sequence[1]) if sequence else ""
    words: dict[str, Any] = {
        "prefix": prefix,
        "guard": prefix.upper(),
        "d": plan.n_inputs,
        "o": plan.n_outputs,
        "title": title,
        "meaning": source.MEANING[task],
        "scaling": SCALED,
        "row": source.row_of(plan, sequence),
        "steps": steps,
    }
    declared, readme, main = "", README.format(**words), MAIN.format(**words)
    if preprocessing is not None:
        declared = raw_source.header(preprocessing, prefix)
        code = f"{code}\n{raw_source.source(preprocessing, prefix, task)}"
        main = program.program(preprocessing, prefix)
        readme = _raw_readme(preprocessing, words)
    return {
        f"{prefix}.h": source.header(plan, prefix, title, task, declared, sequence),
        f"{prefix}.c": code,
        "main.c": main,
        "Makefile": MAKEFILE.format(**words),
        "README.md": readme,
    }


def _raw_readme(preprocessing: Preprocessing, words: dict[str, Any]) -> str:
    target = preprocessing.target
    given = {"n": len(target.classes or target.names), "prefix": words["prefix"]}
    call = RAW_CALL[bool(target.classes)].format(
        **given, kind=raw_source.answer_kind(preprocessing)
    )
    chances = f"`./{words['prefix']} probabilities` writes those of every class.\n"
    return RAW_README.format(**words, call=call, chances=chances if target.classes else "")


def write(folder: Path, files: Mapping[str, str | bytes], rows: CheckedRows) -> dict[str, str]:
    """Writes the files, and returns the SHA-256 digest of each."""
    if rows.raw is not None and rows.answers is not None:
        files = {**files, RAW_ROWS: rows.raw, ANSWERS: rows.answers}
    for name, content in files.items():
        write_whole(folder / name, content.encode() if isinstance(content, str) else content)
    write_arrays(folder / ROWS, {"x": rows.x, "reference": rows.reference, "trained": rows.trained})
    return digests(folder, [*files, ROWS])


def digests(folder: Path, names: list[str]) -> dict[str, str]:
    """Returns the SHA-256 digest of each file; of a missing one, an empty text."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if (folder / name).exists()
        else ""
        for name in names
    }


def read_rows(folder: Path) -> CheckedRows | None:
    """Returns the test rows of a folder, or None when they are missing or damaged."""
    arrays: dict[str, Any] | None = read_arrays(folder / ROWS)
    if arrays is None or not {"x", "reference", "trained"} <= set(arrays):
        return None
    raw, answers = (
        (folder / name).read_text() if (folder / name).exists() else None
        for name in (RAW_ROWS, ANSWERS)
    )
    return CheckedRows(arrays["x"], arrays["reference"], arrays["trained"], raw, answers)
