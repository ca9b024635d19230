/* s_i = sum of w_ij h_j over the units j that i listens to, as in the rule of the Kronecker power */
P_APART const P_FLASH float *P_rule_weighted(const P_FLASH float *w, const float *h, float *s, int n)
{
    int i = 0;
    do {
        float sum = 0;
        int without = ~i & (n - 1), j = 0;
        do {
            if (j != i)
                sum = sum + *w++ * h[j];
            j = (j - without) & without;
        } while (j);
        s[i] = sum;
    } while (++i < n);
    return w;
}
