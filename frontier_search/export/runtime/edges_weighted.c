/* s_i = sum of w_ij h_j over the units j that i listens to: their number and each of them */
P_APART const P_FLASH float *P_edges_weighted(const P_FLASH float *w, const P_FLASH uint8_t *table, const float *h, float *s, int n)
{
    do {
        float sum = 0;
        for (int count = *table++; count; count--)
            sum = sum + *w++ * h[*table++];
        *s++ = sum;
    } while (--n);
    return w;
}
