/* y = max(0, y), by the sign bit: a processor without floats compares no floats */
P_APART void P_relu_all(float *y, int n)
{
    do {
        union { float number; int32_t bits; } u;
        u.number = *y;
        if (u.bits < 0)
            *y = 0;
        y++;
    } while (--n);
}
