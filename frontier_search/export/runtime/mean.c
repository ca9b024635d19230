/* y = the mean of `rows` rows of n numbers */
P_APART void P_mean(const float *x, float *y, int rows, int n)
{
    int i = n;
    do {
        float s = 0;
        const float *at = x++;
        int r = rows;
        do {
            s = s + *at;
            at += n;
        } while (--r);
        *y++ = s / (float)rows;
    } while (--i);
}
