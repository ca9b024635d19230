/* Reads raw rows as CSV, with a line of names and columns in any order, from standard input.
   Writes predictions as CSV; with the argument `probabilities`, those of every class. A cell that
   cannot be read is named, and ends the program. It is for a computer: a device calls
   P_predict itself. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "P.h"

enum { LINE = 1 << 20, CELLS = 1 << 12 };
enum kind { NARROW, PRECISE, TEXT, DATE };

/* `missing`: texts that stand for a missing value beside the usual ones, each ended by a zero.
   `whole`: whether all levels are whole numbers, so that 3.0 is 3. */
static const struct column {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *missing, *decimal, *thousands, *unit, *format;
    int whole;
} columns[] = {
@COLUMNS@
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static const char missing_words[] =@MISSING@;

static int small(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

static int digit(int c)
{
    return c >= '0' && c <= '9';
}

/* ---- cells */

static char *stripped(char *text)
{
    char *end = text + strlen(text);
    while (end > text && strchr(" \t\r\n\v\f", end[-1]))
        *--end = 0;
    while (*text && strchr(" \t\r\n\v\f", *text))
        text++;
    return text;
}

static int missing(const struct column *column, const char *text)
{
    for (const char *word = column->missing; *word; word += strlen(word) + 1)
        if (!strcmp(word, text))
            return 1;
    for (const char *word = column->kind == TEXT ? "" : missing_words; *word; word += strlen(word) + 1) {
        const char *at = text;
        while (*at && small(*at) == *word)
            at++, word++;
        if (small(*at) == *word)
            return 1;
    }
    return !*text;
}

static void without(char *text, const char *part, int every)
{
    size_t length = strlen(part);
    for (char *at = text; length && (at = strstr(at, part));) {
        memmove(at, at + length, strlen(at + length) + 1);
        if (!every)
            return;
    }
}

/* Whether digits stand in groups of three. */
static int grouped(const char *at, const char *thousands, const char *decimal)
{
    size_t length = strlen(thousands);
    int first = 0;
    at += *at == '-' || *at == '+';
    while (digit(at[first]))
        first++;
    if (first < 1 || first > 3 || (*at == '0' && (first > 1 || !strncmp(at + 1, thousands, length))))
        return 0;
    for (at += first; !strncmp(at, thousands, length); at += length + 3)
        if (!digit(at[length]) || !digit(at[length + 1]) || !digit(at[length + 2]))
            return 0;
    at += *at == *decimal;
    while (digit(*at))
        at++;
    return !*at;
}

static int number(const char *cell, const char *decimal, const char *thousands, const char *unit,
                  double *found)
{
    char text[64], *at, *end;
    if (strlen(cell) >= sizeof text)
        return 0;
    strcpy(text, cell);
    for (char *sign; (sign = strstr(text, "\xe2\x88\x92"));) { /* a minus of typographers */
        *sign = '-';
        without(sign, "\x88\x92", 0);
    }
    if (*unit)
        without(text, unit, 0);
    at = stripped(text);
    if (*thousands) {
        if (!grouped(at, thousands, decimal))
            return 0;
        without(at, thousands, 1);
    }
    if (*decimal != '.') {
        if (strchr(at, '.'))
            return 0;
        for (char *sign = at; (sign = strchr(sign, *decimal));)
            *sign = '.';
    }
    if (!*at || strpbrk(at, "_xXpP( \t")) /* hexadecimal numbers are none here */
        return 0;
    *found = strtod(at, &end);
    return !*end && *found == *found;
}

/* ---- dates */

static int two(const char **at, int most, int *found)
{
    int length = 0;
    for (*found = 0; length < most && digit(**at); length++)
        *found = 10 * *found + *(*at)++ - '0';
    return length;
}

static int month_of(const char **at, int whole)
{
    static const char *const months[] = {"january", "february", "march", "april", "may", "june",
        "july", "august", "september", "october", "november", "december"};
    for (int month = 0; month < 12; month++) {
        int length = whole ? (int)strlen(months[month]) : 3, same = 0;
        while (same < length && small((*at)[same]) == months[month][same])
            same++;
        if (same == length) {
            *at += length;
            return month + 1;
        }
    }
    return 0;
}

/* Days since 1970 of a date in the calendar of today; 0 where there is no such date. */
static int days_of(int y, int m, int d, double *found)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (y % 4 == 0 && y % 100) || y % 400 == 0;
    if (m < 1 || m > 12 || d < 1 || d > lengths[m - 1] + (leap && m == 2))
        return 0;
    y -= m <= 2;
    int era = y / 400, in_era = y % 400;
    int in_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    *found = era * 146097.0 + (in_era * 365 + in_era / 4 - in_era / 100 + in_year) - 719468.0;
    return 1;
}

static int iso(const char *at, double *found)
{
    int y = 0, m = 1, d = 1, clock[3] = {0, 0, 0}, ahead = 0, zone[2] = {0, 0};
    double micro = 0;
    if (two(&at, 4, &y) != 4)
        return 0;
    char sign = *at == '-' || *at == '/' || *at == '.' ? *at++ : 0;
    if (two(&at, 2, &m) < 1)
        return 0;
    int more = sign ? *at == sign : digit(*at);
    at += sign && more;
    if (more && two(&at, 2, &d) < 1)
        return 0;
    if (*at == 'T' || *at == ' ')
        for (int i = 0, ended = 0; i < 3 && !ended; i++) {
            at++;
            if (two(&at, 2, &clock[i]) < 1)
                return 0;
            ended = *at != ':';
        }
    if (*at == '.' || *at == ',')
        for (double part = 100000; digit(*++at); part /= 10)
            micro += part >= 1 ? part * (*at - '0') : 0;
    if (*at == 'Z')
        at++;
    else if (*at == '+' || *at == '-') {
        ahead = *at++ == '+' ? 1 : -1;
        if (two(&at, 2, &zone[0]) < 1)
            return 0;
        at += *at == ':';
        two(&at, 2, &zone[1]);
    }
    if (*at || clock[0] > 23 || clock[1] > 59 || clock[2] > 59 || !days_of(y, m, d, found))
        return 0;
    double seconds = clock[0] * 3600.0 + clock[1] * 60 + clock[2];
    seconds -= ahead * (zone[0] * 3600.0 + zone[1] * 60);
    *found = (*found * 86400e6 + seconds * 1e6 + micro) / 86400e6;
    return 1;
}

/* Reads a date as strptime does. */
static int date(const char *at, const char *format, double *found)
{
    int y = 1900, m = 1, d = 1, hour = 0, minute = 0, second = 0, twelve = 0, after = 0, micro = 0;
    for (; *format; format++) {
        int given = 1;
        if (*format == ' ' && *at == ' ')
            while (*at == ' ')
                at++;
        else if (*format != '%')
            given = *format == *at++;
        else
            switch (*++format) {
            case 'd': given = two(&at, 2, &d); break;
            case 'm': given = two(&at, 2, &m); break;
            case 'Y': given = two(&at, 4, &y) == 4; break;
            case 'y': given = two(&at, 2, &y) == 2; y += y < 69 ? 2000 : 1900; break;
            case 'b': given = m = month_of(&at, 0); break;
            case 'B': given = m = month_of(&at, 1); break;
            case 'H': given = two(&at, 2, &hour); break;
            case 'I': given = two(&at, 2, &hour), twelve = 1; break;
            case 'M': given = two(&at, 2, &minute); break;
            case 'S': given = two(&at, 2, &second); break;
            case 'f':
                given = two(&at, 6, &micro);
                for (int i = given; i < 6; i++)
                    micro *= 10;
                break;
            case 'p':
                after = small(*at) == 'p';
                given = (after || small(*at) == 'a') && small(at[1]) == 'm';
                at += 2 * given;
                break;
            default: given = 0;
            }
        if (!given)
            return 0;
    }
    if (twelve && (hour < 1 || hour > 12))
        return 0;
    if (twelve)
        hour = hour % 12 + 12 * after;
    if (*at || hour > 23 || minute > 59 || second > 59 || !days_of(y, m, d, found))
        return 0;
    *found = *found * 86400e6 + (hour * 3600.0 + minute * 60 + second) * 1e6 + micro;
    *found /= 86400e6;
    return 1;
}

/* ---- rows */

/* Takes one row apart: cells point into `line`. Returns their number; -1 at the end. */
static int read_row(char *line, char **cells, char separator)
{
    int count = 1, in_quotes = 0, c;
    char *at = line;
    do
        c = getchar();
    while (c == '\n' || c == '\r');
    if (c == EOF)
        return -1;
    for (cells[0] = at; c != EOF && (in_quotes || c != '\n'); c = getchar()) {
        if (at == line + LINE - 2 || count == CELLS)
            return -2;
        if (c == '"' && in_quotes) {
            int next = getchar();
            in_quotes = next == '"';
            if (in_quotes)
                *at++ = '"';
            else
                ungetc(next, stdin);
        } else if (c == '"' && at == cells[count - 1]) {
            in_quotes = 1;
        } else if (c == separator && !in_quotes) {
            *at++ = 0;
            cells[count++] = at;
        } else if (!(c == ' ' && !in_quotes && at == cells[count - 1])) {
            *at++ = (char)c;
        }
    }
    *at = 0;
    for (int i = 0; i < count; i++)
        cells[i] = stripped(cells[i]);
    return count;
}

static char separator_of(const char *line)
{
    static const char separators[] = ",;\t|";
    int most = 0;
    char found = ',';
    for (const char *each = separators; *each; each++) {
        int count = 0;
        for (const char *at = line; *at; at++)
            count += *at == *each;
        if (count > most)
            most = count, found = *each;
    }
    return found;
}

/* Puts a cell into its field; 0 where it cannot be read. */
static int put(const struct column *column, char *cell, P_row *row)
{
    char *field = (char *)row + column->offset;
    double value = 0;
    int absent = missing(column, cell);
    if (column->kind == TEXT) {
        int plain = !cell[strspn(cell, "+-.0123456789")] && strlen(cell) < 15;
        if (column->whole && plain && !absent && number(cell, ".", "", "", &value)
            && value == (double)(long long)value)
            sprintf(cell, "%lld", (long long)value); /* at most as long as the cell was */
        *(const char **)(void *)field = absent ? NULL : cell;
        return 1;
    }
    if (absent)
        value = strtod("nan", NULL);
    else if (column->kind == DATE) {
        if (!(*column->format ? date(cell, column->format, &value) : 0) && !iso(cell, &value))
            return 0;
    } else if (!number(cell, column->decimal, column->thousands, column->unit, &value)
               && !number(cell, ".", "", "", &value)) {
        return 0;
    }
    if (column->kind == NARROW)
        *(float *)(void *)field = (float)value;
    else
        *(double *)(void *)field = value;
    return 1;
}

static void write_name(const char *text)
{
    if (!strpbrk(text, ",\"\n\r")) {
        printf("%s", text);
        return;
    }
    putchar('"');
    for (; *text; text++)
        printf(*text == '"' ? "\"\"" : "%c", *text);
    putchar('"');
}

int main(int count, char **arguments)
{
    static char line[LINE], *cells[CELLS];
    int place[COLUMNS ? COLUMNS : 1], width, chances = count > 1;
    if (chances && (@CHANCES@ || strcmp(arguments[1], "probabilities"))) {
        fprintf(stderr, "%s is not known@KNOWN@.\n", arguments[1]);
        return 2;
    }
    if (!fgets(line, LINE, stdin))
        line[0] = 0;
    char separator = separator_of(line);
    width = 1;
    cells[0] = strncmp(line, "\xef\xbb\xbf", 3) ? line : line + 3; /* the mark of UTF-8 */
    for (char *from = cells[0], *to = from, *start = from, quoted = 0;; from++) {
        if (*from == '"')
            quoted = !quoted;
        else if (*from && (quoted || *from != separator))
            *to++ = *from;
        else {
            char end = *from;
            *to++ = 0;
            cells[width - 1] = stripped(start);
            if (!end)
                break;
            cells[width++] = start = to;
        }
    }
    for (int i = 0; i < COLUMNS; i++) {
        for (place[i] = width - 1; place[i] >= 0; place[i]--)
            if (!strcmp(cells[place[i]], columns[i].name))
                break;
        if (place[i] < 0) {
            fprintf(stderr, "the rows have no column '%s'.\n", columns[i].name);
            return 2;
        }
    }
@NAMES@
    for (long number_of_row = 1;; number_of_row++) {
        int found = read_row(line, cells, separator);
        P_row row;
        if (found == -1)
            return 0;
        for (int i = 0; i < COLUMNS; i++) {
            if (place[i] >= found) {
                fprintf(stderr, "row %ld has %d cells; the line of names has %d.\n",
                        number_of_row, found, width);
                return 2;
            }
            if (!put(&columns[i], cells[place[i]], &row)) {
                fprintf(stderr, "column '%s', row %ld: '%s' cannot be read.\n", columns[i].name,
                        number_of_row, cells[place[i]]);
                return 2;
            }
        }
@WRITE@
        putchar('\n');
    }
}
