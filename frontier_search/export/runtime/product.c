/* y = W x */
P_APART const P_FLASH float *P_product(const P_FLASH float *w, const float *x, float *y, int n, int m)
{
    do {
        float s = 0;
        const float *at = x;
        int j = m;
        do {
            s = s + *at++ * *w++;
            P_STEP(w);
        } while (--j);
        *y++ = s;
    } while (--n);
    return w;
}
