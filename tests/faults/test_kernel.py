"""The compiled kernel reads and writes only its own memory, and its arithmetic is defined.

The kernel is compiled with the sanitizers of addresses and of undefined behaviour, which end the
process at the first fault. It then trains what its contract test trains, and random stacks.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from frontier_search.training.kernels.library import SOURCE, SWITCH, digest, path

ROOT = Path(__file__).parents[2]
WATCHED = ("-O1", "-g", "-fsanitize=address,undefined", "-fsanitize=float-cast-overflow")
CONTRACT = ("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "tests/contracts/test_kernel.py")
FUZZ = ("-m", "tests.faults.kernel_fuzz", "400", "14")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or not shutil.which("gcc"), reason="needs GCC's sanitizers"
    ),
]


@pytest.fixture(scope="module", params=["plain", "avx2"])
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a build that ends the process at a fault."""
    folder = tmp_path_factory.mktemp("kernel")
    vectors = ["-mavx2", "-mfma"] if request.param == "avx2" else []
    if vectors and platform.machine() != "x86_64":
        pytest.skip("AVX2 is of x86-64")
    target = folder / path().name
    arguments = [*WATCHED, "-fno-sanitize-recover=all", "-shared", "-fPIC", "-Wno-psabi", *vectors]
    arguments.append(f"-DSOURCE_DIGEST={digest():#x}u")
    subprocess.run(["gcc", *arguments, SOURCE, "-lm", "-o", target], check=True)
    return folder


@pytest.mark.parametrize("trains", [CONTRACT, FUZZ], ids=["contract", "fuzz"])
def test_the_sanitizers_find_nothing(watched: Path, trains: tuple[str, ...]) -> None:
    runtime = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True
    ).stdout.strip()
    done = subprocess.run(
        [sys.executable, *trains],
        cwd=ROOT,
        env=os.environ
        | {
            SWITCH: str(watched),
            "LD_PRELOAD": runtime,
            "ASAN_OPTIONS": "detect_leaks=0",  # Python itself keeps memory until its end
            "UBSAN_OPTIONS": "print_stacktrace=1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
