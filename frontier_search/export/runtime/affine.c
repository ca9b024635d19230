/* y = b + W x. The constants are b_1 w_11 w_12 ..., b_2 w_21 w_22 ... */
P_APART const P_FLASH float *P_affine(const P_FLASH float *w, const float *x, float *y, int n, int m)
{
    do {
        float s = *w++;
        const float *at = x;
        int j = m;
        do
            s = s + *at++ * *w++;
        while (--j);
        *y++ = s;
    } while (--n);
    return w;
}
