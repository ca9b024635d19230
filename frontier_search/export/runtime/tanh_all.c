/* y = tanh(y) */
P_APART void P_tanh_all(float *y, int n)
{
    do {
        *y = P_tanh(*y);
        y++;
    } while (--n);
}
