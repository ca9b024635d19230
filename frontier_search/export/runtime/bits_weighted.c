/* s_i = sum of w_ij h_j over the units j that i listens to: bit i n + j of the table */
P_APART const P_FLASH float *P_bits_weighted(const P_FLASH float *w, const P_FLASH uint8_t *table, const float *h, float *s, int n)
{
    int32_t k = 0;
    int i = n;
    do {
        float sum = 0;
        const float *at = h;
        int j = n;
        do {
            if (table[k >> 3] >> (k & 7) & 1)
                sum = sum + *w++ * *at;
            at++;
            k++;
        } while (--j);
        *s++ = sum;
    } while (--i);
    return w;
}
