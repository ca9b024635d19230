/* s_i = sum of w_ij h_j over the units j that i listens to: bit i n + j of the table */
P_APART const P_FLASH P_number *P_int_bits_weighted(const P_FLASH P_number *w, const P_FLASH uint8_t *table, const P_number *h, int32_t *s, int n)
{
    int32_t k = 0;
    int i = n;
    do {
        int32_t sum = 0;
        const P_number *at = h;
        int j = n;
        do {
            if (table[k >> 3] >> (k & 7) & 1)
                sum += (int32_t)*w++ * *at;
            at++;
            k++;
        } while (--j);
        *s++ = sum;
    } while (--i);
    return w;
}
