/* The position of a text among n texts, each of which ends with a zero; -1: none of them. */
P_APART static int P_level(const char *text, const char *levels, int n)
{
    for (int i = 0; text && i < n; i++) {
        const char *at = text;
        while (*at && *at == *levels)
            at++, levels++;
        if (*at == *levels)
            return i;
        while (*levels++)
            ;
    }
    return -1;
}
