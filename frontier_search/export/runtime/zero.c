/* y = 0 */
P_APART void P_zero(float *y, int n)
{
    for (; n; n--)
        *y++ = 0;
}
