/* y = tanh(s / 2^(12 + shift)) */
P_APART void P_int_tanh_all(const int32_t *s, P_number *y, int n, int shift)
{
    do
        *y++ = P_int_coarser(P_int_tanh(P_int_shift(*s++, shift)));
    while (--n);
}
