/* y = s / 2^fraction */
P_APART void P_int_dequantise(const int32_t *s, float *y, int n, int fraction)
{
    do {
        union { float number; int32_t bits; } u;
        int32_t value = *s++;
        u.number = (float)value;
        if (value)
            u.bits -= fraction * 0x800000;
        *y++ = u.number;
    } while (--n);
}
