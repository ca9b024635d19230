/* y = x + b, into n numbers of y that are `apart` numbers from one another */
P_APART const P_FLASH float *P_scatter(const P_FLASH float *b, const float *x, float *y, int n, int apart)
{
    do {
        *y = *x++ + *b++;
        y += apart;
    } while (--n);
    return b;
}
