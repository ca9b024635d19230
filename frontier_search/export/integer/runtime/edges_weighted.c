/* s_i = sum of w_ij h_j over the units j that i listens to: their number and each of them */
P_APART const P_FLASH P_number *P_int_edges_weighted(const P_FLASH P_number *w, const P_FLASH uint8_t *table, const P_number *h, int32_t *s, int n)
{
    do {
        int32_t sum = 0;
        for (int count = *table++; count; count--)
            sum += (int32_t)*w++ * h[*table++];
        *s++ = sum;
    } while (--n);
    return w;
}
