/* y = b + K * x: `maps` maps of out x out from `before` maps of in x in, kernels of k x k */
P_APART const P_FLASH float *P_convolve(const P_FLASH float *w, const float *x, float *y, int maps, int before, int in, int out, int k, int stride)
{
    for (; maps; maps--, w += 1 + before * k * k)
        for (int row = -(k / 2); row < out * stride - k / 2; row += stride)
            for (int column = -(k / 2); column < out * stride - k / 2; column += stride) {
                const P_FLASH float *v = w;
                float s = *v++;
                for (int c = 0; c < before; c++)
                    for (int i = row; i < row + k; i++)
                        for (int j = column; j < column + k; j++, v++)
                            if (i >= 0 && i < in && j >= 0 && j < in)
                                s = s + x[(c * in + i) * in + j] * *v;
                *y++ = s;
            }
    return w;
}
