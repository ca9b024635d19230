/* y = y + x */
P_APART void P_add(const float *x, float *y, int n)
{
    for (; n; n--, y++)
        *y = *y + *x++;
}
