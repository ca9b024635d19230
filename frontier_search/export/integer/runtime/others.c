/* s_i = sum of w_ij h_j over all other units j */
P_APART const P_FLASH P_number *P_int_others(const P_FLASH P_number *w, const P_number *h, int32_t *s, int n)
{
    for (int i = 0; i < n; i++) {
        int32_t sum = 0;
        for (int j = 0; j < n; j++)
            if (i != j)
                sum += (int32_t)*w++ * h[j];
        s[i] = sum;
    }
    return w;
}
