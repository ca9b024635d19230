/* exp(x) = 2^k e^r with x = k ln 2 + r, within @EXP_ERROR@ of its value */
P_APART float P_exp(float x)
{
    if (x < @EXP_LOW@)
        x = @EXP_LOW@;
    if (x > @EXP_HIGH@)
        x = @EXP_HIGH@;
    float z = x * @LOG2_E@;
    int32_t k = (int32_t)(z < 0 ? z - 0.5f : z + 0.5f);
    float r = x - (float)k * @LN2_HIGH@;
    r = r - (float)k * @LN2_LOW@;
    float e = @EXP0@;
    e = e * r + @EXP1@;
    e = e * r + @EXP2@;
    e = e * r + @EXP3@;
    e = e * r + @EXP4@;
    e = e * r + @EXP5@;
    e = e * r + @EXP6@;
    union { float number; int32_t bits; } u;
    u.bits = (k + 127) * 0x800000;
    return e * u.number;
}
