/* y = y + x */
P_APART void P_add(const float *x, float *y, int n)
{
    do {
        *y = *y + *x++;
        y++;
    } while (--n);
}
