/* s_i = sum of w_ij h_j over all other units j */
P_APART const P_FLASH float *P_others(const P_FLASH float *w, const float *h, float *s, int n)
{
    for (int i = 0; i < n; i++) {
        float sum = 0;
        for (int j = 0; j < n; j++)
            if (i != j)
                sum = sum + *w++ * h[j];
        s[i] = sum;
    }
    return w;
}
