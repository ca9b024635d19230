/* y = tanh(y) */
P_APART void P_tanh_all(float *y, int n)
{
    for (; n; n--, y++)
        *y = P_tanh(*y);
}
