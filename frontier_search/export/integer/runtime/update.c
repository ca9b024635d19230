/* h = h + rate (tanh(h + tanh(factor s / 2^(12 + shift))) - h), rate in 2^-15 */
P_APART void P_int_update(P_number *h, const int32_t *s, int n, int32_t factor, int shift, int32_t rate)
{
    do {
        int32_t old = (int32_t)*h * (1 << P_COARSER);
        int32_t u = P_int_tanh(P_int_shift(*s++ * factor, shift)) + old;
        u = P_int_tanh(P_int_shift(u, 3)) - old;
        *h = P_int_coarser(old + P_int_shift((u >> 1) * rate, 14));
        h++;
    } while (--n);
}
