/* s = s + x */
P_APART void P_int_add(const P_number *x, int32_t *s, int n)
{
    do
        *s++ += *x++;
    while (--n);
}
