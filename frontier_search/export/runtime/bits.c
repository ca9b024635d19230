/* s_i = sum of h_j over the units j that i listens to: bit i n + j of the table, lowest bit first */
P_APART void P_bits(const P_FLASH uint8_t *table, const float *h, float *s, int n)
{
    int32_t k = 0;
    for (int i = 0; i < n; i++) {
        float sum = 0;
        for (int j = 0; j < n; j++, k++)
            if (table[k >> 3] >> (k & 7) & 1)
                sum = sum + h[j];
        s[i] = sum;
    }
}
