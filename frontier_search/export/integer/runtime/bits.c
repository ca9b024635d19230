/* s_i = sum of h_j over the units j that i listens to: bit i n + j of the table, lowest bit first */
P_APART void P_int_bits(const P_FLASH uint8_t *table, const P_number *h, int32_t *s, int n)
{
    int32_t k = 0;
    int i = n;
    do {
        int32_t sum = 0;
        const P_number *at = h;
        int j = n;
        do {
            if (table[k >> 3] >> (k & 7) & 1)
                sum += *at;
            at++;
            k++;
        } while (--j);
        *s++ = sum;
    } while (--i);
}
