/* y = the k quadratic B-splines on k - 2 equal intervals of [-2, 2], at each of n inputs */
P_APART void P_basis(const float *x, float *y, int n, int k)
{
    float end = (float)(k - 2);
    for (; n; n--, y += k) {
        float position = (*x++ + 2.0f) * (end * 0.25f), inside = position, beyond;
        if (inside < 0)
            inside = 0;
        if (inside > end)
            inside = end;
        beyond = position - inside;
        for (int i = 0; i < k; i++) {
            float distance = inside - ((float)i - 0.5f);
            if (distance < 0)
                distance = -distance;
            float outer = 1.5f - distance, inner = 0.5f - distance;
            if (outer < 0)
                outer = 0;
            if (inner < 0)
                inner = 0;
            y[i] = 0.5f * (outer * outer) - 1.5f * (inner * inner);
        }
        float *at = beyond < 0 ? y : y + k - 2;
        at[0] = at[0] - beyond;
        at[1] = at[1] + beyond;
    }
}
