/* s = b + W x */
P_APART const P_FLASH P_number *P_int_affine(const P_FLASH P_number *w, const P_FLASH int32_t *b, const P_number *x, int32_t *s, int n, int m)
{
    for (; n; n--) {
        int32_t sum = *b++;
        for (int j = 0; j < m; j++)
            sum += (int32_t)x[j] * *w++;
        *s++ = sum;
    }
    return w;
}
