/* y = exp(y) / sum of exp(y), within @SOFTMAX_ERROR@ */
P_APART void P_softmax(float *y, int n)
{
    float largest = y[0], total = 0;
    for (int i = 1; i < n; i++)
        if (y[i] > largest)
            largest = y[i];
    for (int i = 0; i < n; i++) {
        y[i] = P_exp(y[i] - largest);
        total = total + y[i];
    }
    for (int i = 0; i < n; i++)
        y[i] = y[i] / total;
}
