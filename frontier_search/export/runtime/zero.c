/* y = 0 */
P_APART void P_zero(float *y, int n)
{
    do
        *y++ = 0;
    while (--n);
}
