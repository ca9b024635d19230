/* s_i = sum of w_ij h_j over the units j that i listens to, as in the rule of the Kronecker power */
P_APART const P_FLASH P_number *P_int_rule_weighted(const P_FLASH P_number *w, const P_number *h, int32_t *s, int n)
{
    int i = 0;
    do {
        int32_t sum = 0;
        int without = ~i & (n - 1), j = 0;
        do {
            if (j != i)
                sum += (int32_t)*w++ * h[j];
            j = (j - without) & without;
        } while (j);
        s[i] = sum;
    } while (++i < n);
    return w;
}
