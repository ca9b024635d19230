/* y = y + W x */
P_APART const P_FLASH float *P_accumulate(const P_FLASH float *w, const float *x, float *y, int n, int m)
{
    for (; n; n--) {
        float s = *y;
        for (int j = 0; j < m; j++)
            s = s + x[j] * *w++;
        *y++ = s;
    }
    return w;
}
