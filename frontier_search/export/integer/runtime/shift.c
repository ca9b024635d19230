/* s / 2^shift, rounded; no shift below 0 loses anything */
P_APART int32_t P_int_shift(int32_t s, int shift)
{
    return shift > 0 ? (s + ((int32_t)1 << (shift - 1))) >> shift : s * ((int32_t)1 << -shift);
}
