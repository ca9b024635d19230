/* s_i = sum of w_ij h_j over all other units j */
P_APART const P_FLASH P_number *P_int_others(const P_FLASH P_number *w, const P_number *h, int32_t *s, int n)
{
    int i = 0;
    do {
        int32_t sum = 0;
        int j = 0;
        do
            if (i != j)
                sum += (int32_t)*w++ * h[j];
        while (++j < n);
        s[i] = sum;
    } while (++i < n);
    return w;
}
