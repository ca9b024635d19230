/* z = sigmoid(p / 2^(12 + shift)), c = tanh(p / 2^(12 + shift) + d),
   h = (zeta (1 - z) + nu) c + z h; h, as the upper bits of 16, is in 2^-fraction. The constants are
   zeta and nu in 2^-15, then d_1 d_2 ... in 2^-12 */
P_APART const P_FLASH int32_t *P_int_fast_grnn(const P_FLASH int32_t *b, P_number *h,
                                               const int32_t *p, int n, int shift, int fraction)
{
    int32_t zeta = *b++, nu = *b++;
    do {
        int32_t heard = P_int_shift(*p++, shift);
        int32_t z = P_int_sigmoid(heard), c = P_int_tanh(heard + *b++);
        int32_t taken = (zeta * (32768 - z) >> 15) + nu;
        int32_t next = P_int_shift((taken >> 1) * c, 29 - fraction);
        next = next + P_int_shift((int32_t)*h * (1 << P_COARSER) * z, 15);
        next = P_int_shift(next, P_COARSER);
        if (next > P_MOST)
            next = P_MOST;
        if (next < -P_MOST)
            next = -P_MOST;
        *h = (P_number)next;
        h++;
    } while (--n);
    return b;
}
