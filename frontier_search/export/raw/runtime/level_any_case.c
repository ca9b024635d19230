/* The position of a text, in any case, among n texts of small letters; -1: none of them. */
P_APART static int P_level_any_case(const char *text, const char *levels, int n)
{
    for (int i = 0; text && i < n; i++) {
        const char *at = text;
        while (*at && (*at >= 'A' && *at <= 'Z' ? *at + 'a' - 'A' : *at) == *levels)
            at++, levels++;
        if (*at == *levels)
            return i;
        while (*levels++)
            ;
    }
    return -1;
}
