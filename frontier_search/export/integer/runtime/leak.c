/* h = h + rate (tanh(u / 2^(12 + near) + factor s / 2^(12 + shift)) - h), rate in 2^-15 */
P_APART void P_int_leak(P_number *h, const int32_t *u, const int32_t *s, int n, int near,
                        int32_t factor, int shift, int32_t rate)
{
    do {
        int32_t old = (int32_t)*h * (1 << P_COARSER);
        int32_t heard = P_int_shift(*u++, near) + P_int_shift(*s++ * factor, shift);
        *h = P_int_coarser(old + P_int_shift(((P_int_tanh(heard) - old) >> 1) * rate, 14));
        h++;
    } while (--n);
}
