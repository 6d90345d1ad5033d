-- table demo.app.shop_item: id INT64, project_id INT64, label STRING, price NUMERIC
-- table demo.app_staging.shop_item__RUN: _plimsoll_op STRING, id INT64, project_id INT64, label STRING, price NUMERIC
MERGE `demo.app.shop_item` AS T
USING `demo.app_staging.shop_item__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`project_id` = S.`project_id`, T.`label` = S.`label`, T.`price` = S.`price`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `project_id`, `label`, `price`) VALUES (S.`id`, S.`project_id`, S.`label`, S.`price`)
