/* q = x 2^fraction, rounded, between -MOST and MOST: by the bits of x, without a float operation */
P_APART void P_int_quantise(const float *x, P_number *q, int n, int fraction)
{
    do {
        union { float number; uint32_t bits; } u;
        u.number = *x++;
        int shift = 150 - fraction - (int)(u.bits >> 23 & 255);
        int32_t size = (int32_t)(u.bits & 0x7fffff) | 0x800000;
        if (shift > 24)
            size = 0;
        else if (shift > 0)
            size = (size + ((int32_t)1 << (shift - 1))) >> shift;
        else
            size = P_MOST; /* 2^23 or more */
        if (size > P_MOST)
            size = P_MOST;
        *q++ = (P_number)(u.bits >> 31 ? -size : size);
    } while (--n);
}
