/* y = n numbers of x that are `apart` numbers from one another */
P_APART void P_gather(const float *x, float *y, int n, int apart)
{
    do {
        *y++ = *x;
        x += apart;
    } while (--n);
}
