/* y = (1 x F x 1) x: one factor of a Kronecker product, k x k, on n numbers; entries of an axis are
   `apart` numbers from one another */
P_APART const P_FLASH float *P_factor(const P_FLASH float *f, const float *x, float *y, int n, int k, int apart)
{
    int start = 0;
    do {
        const P_FLASH float *row = f;
        int i = k;
        do { /* writes k * apart numbers of y, in their order */
            const P_FLASH float *v;
            int r = 0;
            do {
                float sum = 0;
                const float *at = x + r;
                int j = k;
                v = row;
                do {
                    sum = sum + *v++ * *at;
                    at += apart;
                } while (--j);
                *y++ = sum;
            } while (++r < apart);
            row = v;
        } while (--i);
        x += k * apart;
        start += k * apart;
    } while (start < n);
    return f + k * k;
}
