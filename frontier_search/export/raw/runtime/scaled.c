/* (min(max(v, low), high) - centre) / scale of s = fill, low, high, centre, scale */
P_APART static float P_scaled(float v, int missing, const float *s)
{
    if (missing)
        v = s[0];
    if (v < s[1])
        v = s[1];
    if (v > s[2])
        v = s[2];
    return (v - s[3]) / s[4];
}
