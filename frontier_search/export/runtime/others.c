/* s_i = sum of w_ij h_j over all other units j */
P_APART const P_FLASH float *P_others(const P_FLASH float *w, const float *h, float *s, int n)
{
    int i = 0;
    do {
        float sum = 0;
        int j = 0;
        do
            if (i != j)
                sum = sum + *w++ * h[j];
        while (++j < n);
        s[i] = sum;
    } while (++i < n);
    return w;
}
