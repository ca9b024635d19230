/* s_i = sum of h_j over the units j that i listens to: those without a bit of i, except i itself.
   This is the Kronecker power of [[1, 1], [1, 0]]; nothing of the graph is stored. */
P_APART void P_int_rule(const P_number *h, int32_t *s, int n)
{
    int i = 0;
    do {
        int32_t sum = 0;
        int without = ~i & (n - 1), j = 0; /* j: every subset of the bits that i lacks, rising */
        do {
            if (j != i)
                sum += h[j];
            j = (j - without) & without;
        } while (j);
        s[i] = sum;
    } while (++i < n);
}
