/* s_i = sum of h_j over the units j that i listens to: the table has their number and each of them */
P_APART void P_edges(const P_FLASH uint8_t *table, const float *h, float *s, int n)
{
    do {
        float sum = 0;
        for (int count = *table++; count; count--)
            sum = sum + h[*table++];
        *s++ = sum;
    } while (--n);
}
