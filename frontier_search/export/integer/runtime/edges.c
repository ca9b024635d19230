/* s_i = sum of h_j over the units j that i listens to: the table has their number and each of them */
P_APART void P_int_edges(const P_FLASH uint8_t *table, const P_number *h, int32_t *s, int n)
{
    do {
        int32_t sum = 0;
        for (int count = *table++; count; count--)
            sum += h[*table++];
        *s++ = sum;
    } while (--n);
}
