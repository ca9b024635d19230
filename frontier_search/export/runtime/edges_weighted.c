/* s_i = sum of w_ij h_j over the units j that i listens to: their number and each of them */
P_APART const float *P_edges_weighted(const float *w, const uint8_t *table, const float *h, float *s, int n)
{
    for (; n; n--) {
        float sum = 0;
        for (int count = *table++; count; count--)
            sum = sum + *w++ * h[*table++];
        *s++ = sum;
    }
    return w;
}
