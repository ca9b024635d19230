/* y = the k quadratic B-splines on k - 2 equal intervals of [-2, 2], at each of n inputs */
P_APART void P_basis(const float *x, float *y, int n, int k)
{
    float end = (float)(k - 2);
    do {
        float position = (*x++ + 2.0f) * (end * 0.25f), inside = position, beyond;
        if (inside < 0)
            inside = 0;
        if (inside > end)
            inside = end;
        beyond = position - inside;
        float middle = -0.5f; /* of a spline */
        int i = k;
        do {
            float distance = inside - middle;
            if (distance < 0)
                distance = -distance;
            float outer = 1.5f - distance, inner = 0.5f - distance;
            if (outer < 0)
                outer = 0;
            if (inner < 0)
                inner = 0;
            *y++ = 0.5f * (outer * outer) - 1.5f * (inner * inner);
            middle = middle + 1.0f;
        } while (--i);
        float *at = beyond < 0 ? y - k : y - 2;
        at[0] = at[0] - beyond;
        at[1] = at[1] + beyond;
    } while (--n);
}
